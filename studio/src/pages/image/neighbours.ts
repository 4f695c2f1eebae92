import { useEffect, useState } from 'react';
import { useUncachedClient } from '../../session/Session';
import { imageFilter, type Filters } from '../gallery/filters';
import { CURSOR, NEIGHBOURS, type StudioImage } from './queries';

interface Neighbour {
  id: string;
  r2Url: string;
}

/** The images beside an image in its list, newest first. */
export interface Neighbours {
  newer: Neighbour | null;
  older: Neighbour | null;
}

const NONE: Neighbours = { newer: null, older: null };

/** Finds the images beside an image among those that the gallery's filters show. */
export function useNeighbours({ id, createdAt }: StudioImage, filters: Filters): Neighbours {
  const client = useUncachedClient();
  const [found, setFound] = useState(NONE);
  const address = JSON.stringify(filters);
  useEffect(() => {
    let isCurrent = true;
    async function find() {
      const moment = new Date(createdAt).getTime();
      const same = {
        createdSince: createdAt,
        createdBefore: new Date(moment + 1).toISOString(),
        deleted: 'INCLUDE',
      } as const;
      const { data: own } = await client.query(CURSOR, { filter: same }).toPromise();
      const cursor = own?.images.edges.find(({ node }) => node.id === id)?.cursor;
      if (!cursor || !isCurrent) return;
      const filter = imageFilter(JSON.parse(address) as Filters);
      const { data } = await client.query(NEIGHBOURS, { cursor, filter }).toPromise();
      if (!isCurrent) return;
      const next = { newer: data?.newer.edges[0]?.node ?? null, older: data?.older.edges[0]?.node ?? null };
      setFound(next);
      // So that they are there when they are turned to.
      for (const neighbour of [next.older, next.newer]) if (neighbour) new Image().src = neighbour.r2Url;
    }
    void find();
    return () => {
      isCurrent = false;
    };
  }, [client, id, createdAt, address]);
  return found;
}
