"""Made-up and hand-written catalogues with the truth about them."""
