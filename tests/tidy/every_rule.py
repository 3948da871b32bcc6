"""All rules that look at one file at a time, in the order of the book."""

from tests.tidy import purity_rules, shape_rules, text_rules, word_rules

RULES = [*shape_rules.RULES, *word_rules.RULES, *purity_rules.RULES, *text_rules.RULES]
