import type { StudioImage } from './queries';

/** Returns an image's settings as the input of `generateImage`, in JSON. */
export function settingsText({ prompt, model, template, parameters, sources, mask }: StudioImage): string {
  const given = Object.entries(parameters).filter(([name, value]) => value !== null && name !== '__typename');
  const ids = (sources ?? []).flatMap((source) => (source ? [source.id] : []));
  const input = {
    prompt,
    model: model.id,
    ...(template && { templateId: template.id }),
    ...Object.fromEntries(given),
    ...(ids.length > 0 && { sourceImageIds: ids }),
    ...(mask && { maskImageId: mask.id }),
  };
  return JSON.stringify(input, null, 2);
}
