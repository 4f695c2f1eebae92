/**
 * The path that a proxy serves the server beneath, such as `/ai`; or empty.
 *
 * Scripts are served from `<path>/assets`, so a script's own address has it.
 */
export const PUBLIC_PATH = new URL(/* @vite-ignore */ '..', import.meta.url).pathname.replace(/\/$/, '');

export const SERVER_URL = `${location.origin}${PUBLIC_PATH}`;
export const GRAPHQL_URL = `${SERVER_URL}/graphql`;
export const SOCKET_URL = GRAPHQL_URL.replace(/^http/, 'ws');
export const PLAYGROUND_URL = `${PUBLIC_PATH}/graphql`;
export const REST_DOCS_URL = `${PUBLIC_PATH}/api/docs`;
export const DOCUMENTATION_URL = `${PUBLIC_PATH}/docs/`;
export const SERVER_INFO_URL = `${PUBLIC_PATH}/studio.json`;
