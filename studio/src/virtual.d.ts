declare module 'virtual:operation-pages' {
  const pages: import('./playground/operation-page').OperationPage[];
  export default pages;
}
