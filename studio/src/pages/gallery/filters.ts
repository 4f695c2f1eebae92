import type { ImageFilter } from './queries';

/** The gallery's filters, as they are in its address. */
export const FILTER_NAMES = ['q', 'model', 'template', 'tags', 'since', 'until', 'deleted'] as const;
export type FilterName = (typeof FILTER_NAMES)[number];
export type Filters = Partial<Record<FilterName, string>>;

export function readFilters(search: string): Filters {
  const parameters = new URLSearchParams(search);
  return Object.fromEntries(
    FILTER_NAMES.flatMap((name) => {
      const value = parameters.get(name);
      return value ? [[name, value]] : [];
    }),
  );
}

/** Returns the address of a page that has these filters; without any, the page's own. */
export function withFilters(path: string, filters: Filters): string {
  const parameters = new URLSearchParams();
  for (const name of FILTER_NAMES) if (filters[name]) parameters.set(name, filters[name]);
  return parameters.size ? `${path}?${parameters}` : path;
}

/** Returns the filter of the API. Dates are days of the viewer's zone; the last one is included. */
export function imageFilter({ q, model, template, tags, since, until, deleted }: Filters): ImageFilter {
  return {
    deleted: deleted === 'ONLY' || deleted === 'INCLUDE' ? deleted : 'EXCLUDE',
    ...(q && { search: q }),
    ...(model && { models: [model] }),
    ...(template && { templates: [template] }),
    ...(tags && { tags: readTags(tags) }),
    ...(since && { createdSince: midnight(since, 0) }),
    ...(until && { createdBefore: midnight(until, 1) }),
  };
}

/** Reads tags that are written with commas between them. */
export function readTags(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim());
  return [...new Set(tags.filter(Boolean))];
}

function midnight(day: string, daysLater: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + daysLater).toISOString();
}
