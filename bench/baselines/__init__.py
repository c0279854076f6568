"""What ours is measured against: **limit**, the least code that does the same, and **stock**, the same through nameko as it comes."""
