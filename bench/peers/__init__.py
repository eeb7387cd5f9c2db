"""What earmark is compared with, each written in the most straightforward way."""
