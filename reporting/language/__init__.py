"""The words of results, by language: catalogues in the syntax of Project Fluent, a file for each language."""

from reporting.language.catalogue import Language, LanguageUnknown, find_language, languages_in

__all__ = ["Language", "LanguageUnknown", "find_language", "languages_in"]
