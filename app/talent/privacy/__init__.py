"""What an engineer may ask of a system that holds their career: links to act by, consent, export, erasure."""
