"""Skills, titles, certifications, domains, cities: what things are called."""
