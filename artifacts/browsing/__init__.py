"""What the REST API and the pages show of repositories and artifacts: a page of rows, then what belongs to them, in a fixed
number of statements."""
