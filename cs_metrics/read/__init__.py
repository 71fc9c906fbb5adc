"""Files → clean tables: open, recognise, convert, check. Everything found is listed; nothing is lost silently."""
