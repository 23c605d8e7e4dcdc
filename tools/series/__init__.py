"""From one source to five Odoo series: the addon is written for 19.0 and taken down step by step.

`steps` names the steps, newest on top; each is one file with a short list of rules. What a rule
cannot carry down, and whatever the ladder has never heard of, is an error with file and line.
"""
