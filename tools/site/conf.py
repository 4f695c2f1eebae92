"""Sphinx's configuration; Sphinx reads the names of this module."""

project = "gql_server"
html_title = "gql_server"
extensions = ["myst_parser"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_use_index = False
html_domain_indices = False
suppress_warnings = [
    "misc.highlighting_failure",  # examples are shortened by …
]
