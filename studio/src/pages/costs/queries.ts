import { graphql, type ResultOf } from '../../api/graphql';

export const COSTS = graphql(`
  query StudioCosts(
    $since: DateTime
    $until: DateTime
    $filter: CostFilter
    $interval: TimelineInterval!
    $timeZone: String!
  ) {
    costAnalytics(since: $since, until: $until, filter: $filter) {
      totalCost
      totalImages
      averageCost
      providerCost
      previous {
        totalCost
        totalImages
        averageCost
      }
      projectedMonthCost
      timeline(interval: $interval, timeZone: $timeZone) {
        startsAt
        endsAt
        totalCost
        totalImages
      }
      byModel(limit: 50) {
        totalCost
        totalImages
        averageCost
        model {
          id
          name
        }
      }
      byTemplate(limit: 50) {
        totalCost
        totalImages
        averageCost
        templateId
        template {
          id
          name
        }
      }
      byUser(limit: 50) {
        totalCost
        totalImages
        averageCost
        userId
      }
      budgets {
        id
        scope
        userId
        keyId
        period
        enforcement
        limit
        spent
        reserved
        remaining
        resetsAt
      }
    }
  }
`);

export type Costs = ResultOf<typeof COSTS>['costAnalytics'];
export type Period = Costs['timeline'][number];
