"""Starting a process: resources, services, the web application, the worker."""
