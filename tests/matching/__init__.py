"""Generated and hand-written catalogues with the correct matches."""
