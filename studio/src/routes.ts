import { lazy, type ComponentType } from 'react';
import type { IconName } from './design/icons';
import type { Words } from './language/en';
import type { Role } from './session/Session';

/** A page of the studio. */
export interface StudioRoute {
  /** Its name in `words.pages`. */
  name: keyof Words['pages'];
  /** Its address, as wouter matches it. */
  path: string;
  page: ComponentType<{ params: Record<string, string | undefined> }>;
  /** The least role that may use it; others neither see it nor are let in. */
  role: Role;
  /** Its icon in the navigation; pages without one are reached from others. */
  icon?: IconName;
  /** Whether phones show it in the bar at the bottom, which has room for four. */
  isInBar?: boolean;
}

/** Every page, in the order of the navigation. Each is loaded when it is opened. */
export const ROUTES: readonly StudioRoute[] = [
  {
    name: 'gallery',
    path: '/',
    page: lazy(() => import('./pages/gallery/GalleryPage')),
    role: 'READER',
    icon: 'gallery',
    isInBar: true,
  },
  {
    name: 'image',
    path: '/studio/images/:id',
    page: lazy(() => import('./pages/image/ImagePage')),
    role: 'READER',
  },
  {
    name: 'make',
    path: '/studio/make',
    page: lazy(() => import('./pages/make/MakePage')),
    role: 'CREATOR',
    icon: 'make',
    isInBar: true,
  },
  {
    name: 'batches',
    path: '/studio/batches',
    page: lazy(() => import('./pages/batches/BatchesPage')),
    role: 'READER',
    icon: 'batches',
    isInBar: true,
  },
  {
    name: 'newBatch',
    path: '/studio/batches/new',
    page: lazy(() => import('./pages/batches/NewBatchPage')),
    role: 'CREATOR',
  },
  {
    name: 'batch',
    path: '/studio/batches/:id',
    page: lazy(() => import('./pages/batches/BatchPage')),
    role: 'READER',
  },
  {
    name: 'costs',
    path: '/studio/costs',
    page: lazy(() => import('./pages/costs/CostsPage')),
    role: 'READER',
    icon: 'costs',
    isInBar: true,
  },
  {
    name: 'models',
    path: '/studio/models',
    page: lazy(() => import('./pages/models/ModelsPage')),
    role: 'READER',
    icon: 'models',
  },
  {
    name: 'templates',
    path: '/studio/templates',
    page: lazy(() => import('./pages/templates/TemplatesPage')),
    role: 'READER',
    icon: 'templates',
  },
  {
    name: 'budgets',
    path: '/studio/budgets',
    page: lazy(() => import('./pages/budgets/BudgetsPage')),
    role: 'READER',
    icon: 'budgets',
  },
  {
    name: 'webhooks',
    path: '/studio/webhooks',
    page: lazy(() => import('./pages/webhooks/WebhooksPage')),
    role: 'CREATOR',
    icon: 'webhooks',
  },
  {
    name: 'keys',
    path: '/studio/keys',
    page: lazy(() => import('./pages/keys/KeysPage')),
    role: 'ADMIN',
    icon: 'keys',
  },
];
