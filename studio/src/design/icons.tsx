const PATHS = {
  gallery: 'M4 4h7v7H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 13h7v7H4z',
  make: 'M12 3l1.9 5.6L19.5 10.5l-5.6 1.9L12 18l-1.9-5.6L4.5 10.5l5.6-1.9zM19 16v4M17 18h4',
  batches: 'M12 3l9 5-9 5-9-5zM3 12.5l9 5 9-5M3 17l9 5 9-5',
  costs: 'M4 20V4M4 20h16M8 16v-4M12 16V7M16 16v-6',
  templates: 'M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h5',
  models: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5',
  keys: 'M8 16a4 4 0 1 1 3.5-2.1L20 5.5M16.5 9l2.5 2.5M14 11.5l1.5 1.5M8 12h.01',
  budgets: 'M4 7h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2zM4 7l11-3v3M16 13.5h.01',
  webhooks: 'M9 17H7A5 5 0 0 1 7 7h2M15 7h2a5 5 0 0 1 0 10h-2M8 12h8',
  playground: 'M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4',
  close: 'M6 6l12 12M18 6L6 18',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  upload: 'M12 16V5M7 9l5-5 5 5M5 20h14',
  delete: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5',
  restore: 'M4 10h10a5 5 0 0 1 0 10H9M4 10l4-4M4 10l4 4',
  tag: 'M4 4h7l9 9-7 7-9-9zM8 8h.01',
  search: 'M10.5 17a6.5 6.5 0 1 1 0-13 6.5 6.5 0 0 1 0 13zM15.5 15.5L20 20',
  filter: 'M4 6h16M7 12h10M10 18h4',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  previous: 'M14.5 5l-7 7 7 7',
  next: 'M9.5 5l7 7-7 7',
  open: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
  again: 'M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6',
  change: 'M4 20l1-5L16 4l4 4L9 19zM13.5 6.5l4 4',
  source: 'M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 5M15 9h.01',
  brush: 'M20 4L10 14M8.5 13.5a3.5 3.5 0 0 1 2 6c-1.5 1.3-5 1-6.5.5 1.5-1 1-3 1.5-4.500a3 3 0 0 1 3-2z',
  eraser: 'M14 5l6 6-9 9H7l-4-4zM9 10l6 6',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  warning: 'M12 4l9 16H3zM12 10v4M12 17h.01',
  info: 'M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18zM12 11v5M12 8h.01',
  signOut: 'M10 4H5v16h5M9 12h11M16 8l4 4-4 4',
  offline: 'M3 3l18 18M5 12a10 10 0 0 1 4-2.400M19 12a10 10 0 0 0-5-2.700M8.5 15.500a5 5 0 0 1 6 -.5M12 19h.01',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 5l12 7-12 7z',
} as const;

export type IconName = keyof typeof PATHS;

/** Draws an icon beside a text or in a button that has a name of its own. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      viewBox="0 0 24 24"
      width={`${size / 16}rem`}
      height={`${size / 16}rem`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
