"""Where data live besides files: databases and services, one module each. All of them are only ever read."""
