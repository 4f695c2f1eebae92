"""Pages of docs that are generated from the code; ``make schema`` writes them."""
