"""What every room stands on: settings, database, errors, pages, time and ids. Imports no room."""
