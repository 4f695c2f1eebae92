import template from './welcome.graphql?raw';
import { words } from './words';

const WIDTH = 98;

/** What the first tab has: operations to begin with, each with a comment in the viewer's language. */
export const welcome = template.replace(/^#: (\w+)$/gm, (_, name: keyof typeof words.welcome) => comment(name));

function comment(name: keyof typeof words.welcome): string {
  const number = Object.keys(words.welcome).indexOf(name); // the first one is about all of them
  const lead = number > 0 ? `# ${number}. ` : '# ';
  const lines = [''];
  for (const word of words.welcome[name].split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line && lead.length + line.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lead + lines.join(`\n#${' '.repeat(lead.length - 1)}`);
}
