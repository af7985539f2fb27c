/** Comma-separated words; blanks around them do not count, nor do empty ones. */
export function words(text: string): readonly string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
