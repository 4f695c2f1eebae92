/** A prompt, and its line number, from 1. */
export interface Prompt {
  line: number;
  text: string;
}

/** The server accepts no more. */
export const MAX_PROMPTS = 10_000;
/** Larger files are certainly no list of prompts. */
export const MAX_FILE_BYTES = 8 * 1024 * 1024;

/** Reads one prompt per line; blank lines and those that begin with `#` are skipped, as by `gql-server batch`. */
export function readPrompts(text: string): Prompt[] {
  return text
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ line: index + 1, text: line.trim() }))
    .filter(({ text: prompt }) => prompt && !prompt.startsWith('#'));
}
