"""From one source to five Odoo series: the addon is written for 19.0 and converted step by step.

`steps` names the steps, newest first; each is one file with a short list of rules. Anything that
a rule cannot convert, or that the ladder does not know, is an error with file and line.
"""
