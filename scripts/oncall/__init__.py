"""What the person on call repairs and asks with; each command finds what it needs in the deployed stack."""
