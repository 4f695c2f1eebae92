import { chosenLanguage, loadWords } from '../language/choice';

const code = chosenLanguage();
document.documentElement.lang = code;

/** The playground's texts, in the language of the studio; what GraphiQL brings is in English. */
export const words = (await loadWords(code)).playground;
