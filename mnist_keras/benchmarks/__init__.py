"""How fast, against others on the same machine in the same run. The peers come with the extra `benchmark`."""
