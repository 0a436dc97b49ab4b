"""The questionnaire outside the tool: what is asked, printed, for Word, and as a spreadsheet that comes back."""
