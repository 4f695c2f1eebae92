import { graphql, type ResultOf } from '../../api/graphql';

export const BUDGET = graphql(`
  fragment StudioBudget on Budget {
    id
    scope
    userId
    keyId
    period
    timeZone
    enforcement
    limit
    spent
    reserved
    remaining
    startsAt
    resetsAt
    webhookUrl
    alerts {
      percent
      reachedAt
    }
  }
`);
export type Budget = ResultOf<typeof BUDGET>;

export const OWN_BUDGETS = graphql(
  `
    query StudioOwnBudgets {
      viewer {
        budgets {
          ...StudioBudget
        }
      }
    }
  `,
  [BUDGET],
);

export const ALL_BUDGETS = graphql(
  `
    query StudioAllBudgets {
      budgets(limit: 200) {
        ...StudioBudget
      }
    }
  `,
  [BUDGET],
);

export const SET_BUDGET = graphql(
  `
    mutation StudioSetBudget($input: SetBudgetInput!) {
      setBudget(input: $input) {
        budget {
          ...StudioBudget
        }
        userErrors {
          message
          code
          path
        }
        warnings {
          message
        }
      }
    }
  `,
  [BUDGET],
);

export const REMOVE_BUDGET = graphql(`
  mutation StudioRemoveBudget($input: RemoveBudgetInput!) {
    removeBudget(input: $input) {
      removedId
      userErrors {
        message
        code
        path
      }
    }
  }
`);
