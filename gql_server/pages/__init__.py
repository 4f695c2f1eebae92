"""The pages for browsers: built from studio/ into static/, and served as files."""
