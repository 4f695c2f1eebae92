/** The example of one page in docs/operations. */
export interface OperationPage {
  name: string;
  kind: 'query' | 'mutation' | 'subscription';
  /** The least role that may run it. */
  role: string;
  description: string;
  document: string;
  /** JSON, or empty text where the example has no variables. */
  variables: string;
}
