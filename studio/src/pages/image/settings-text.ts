import type { StudioImage } from './queries';

/** Returns an image's settings as the input of `generateImage`, in JSON. */
export function settingsText({ prompt, model, template, parameters }: StudioImage): string {
  const given = Object.entries(parameters).filter(([name, value]) => value !== null && name !== '__typename');
  const input = {
    prompt,
    model: model.id,
    ...(template && { templateId: template.id }),
    ...Object.fromEntries(given),
  };
  return JSON.stringify(input, null, 2);
}
