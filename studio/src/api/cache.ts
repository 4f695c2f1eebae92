import { cacheExchange, type Cache, type UpdateResolver } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import type { Exchange } from 'urql';

/** The types that have no `id`: they belong to the object that contains them. */
const EMBEDDED = [
  'ApiKeyConnection', 'ApiKeyEdge', 'BatchConnection', 'BatchEdge', 'BatchItemConnection', 'BatchItemEdge',
  'BatchProgress', 'BudgetAlert', 'CostAnalytics', 'CostEstimate', 'CostEstimatePayload', 'CostPeriod', 'CostTotals',
  'GenerationParameters', 'ImageConnection', 'ImageEdge', 'ImageInputs', 'ModelCosts', 'ModelParameter',
  'ModelPerformance', 'PageInfo', 'RateLimit', 'SecondsRange', 'Size', 'SourceImageConnection', 'SourceImageEdge',
  'TemplateConnection', 'TemplateCosts', 'TemplateEdge', 'TemplateParameters', 'UnitPrice', 'UserCosts', 'Viewer',
  'WebhookConnection', 'WebhookDelivery', 'WebhookEdge',
];

/** Root fields that are fetched again after a mutation that adds to them or removes from them. */
const CHANGED_LISTS: Record<string, readonly string[]> = {
  generateImage: ['costAnalytics', 'budgets', 'viewer'],
  generateBatch: ['batches', 'viewer'],
  cancelBatch: ['batches', 'viewer'],
  retryBatch: ['batches', 'viewer'],
  uploadSourceImage: ['sourceImages'],
  deleteSourceImage: ['sourceImages'],
  createTemplate: ['templates'],
  deleteTemplate: ['templates'],
  createApiKey: ['apiKeys', 'budgets'],
  setBudget: ['budgets', 'viewer'],
  removeBudget: ['budgets', 'viewer'],
};

/** The normalized cache of the pages. */
export function cache(): Exchange {
  return cacheExchange({
    keys: Object.fromEntries(EMBEDDED.map((name) => [name, () => null])),
    // Further pages of these lists continue the first.
    resolvers: {
      Query: {
        batches: relayPagination(), templates: relayPagination(), apiKeys: relayPagination(),
        webhooks: relayPagination(),
      },
      Batch: { items: relayPagination() },
    },
    updates: {
      Mutation: Object.fromEntries(
        Object.entries(CHANGED_LISTS).map(([name, fields]) => [name, invalidating(fields)]),
      ),
    },
  });
}

function invalidating(fields: readonly string[]): UpdateResolver {
  return (_result, _variables, cache: Cache) => {
    // A list is kept under its arguments.
    for (const { fieldName, arguments: given } of cache.inspectFields('Query')) {
      if (fields.includes(fieldName)) cache.invalidate('Query', fieldName, given ?? undefined);
    }
  };
}
