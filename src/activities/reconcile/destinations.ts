/** Events are looked for where their attempts were made, which is not always where the source leads to today: an observer for each. */
import { type Sighting, UNPROVEN_SIGHTING } from '../../domain/exceptions/lookUp.js';
import type { Destination } from '../../store/exceptions/destinations.js';
import type { Gone, LakeTable } from './dataset.js';
import type { ObservedEvent, Observer } from './observer.js';

export interface PresentDestination extends Destination {
  readonly flowId: string;
}

export interface Observers extends Observer {
  /** Of the event's destination, once it was looked at. Absence from a lake without a table says nothing. */
  readonly hasTable: (event: Partial<Destination>) => boolean;
}

interface Place {
  readonly observer: Observer;
  hasTable: boolean;
}

export function createObservers(deps: {
  /** Also of events of which nobody knows where they were sent. */
  readonly present: PresentDestination & { readonly place: LakeTable };
  readonly findPlace: (destination: Destination) => Promise<LakeTable | Gone>;
  readonly observerOf: (destination: Destination, place: LakeTable, noTable: () => void) => Observer;
}): Observers {
  const { present } = deps;
  const places = new Map<string, Place>();

  const flowOf = ({ flowId }: Partial<Destination>) => flowId ?? present.flowId;

  async function placeOf(destination: Destination): Promise<Place> {
    const flowId = flowOf(destination);
    const known = places.get(flowId);
    if (known !== undefined) return known;
    const found = flowId === present.flowId ? present.place : await deps.findPlace(destination);
    const made = 'gone' in found ? goneAs(found) : openedAs(destination, found);
    places.set(flowId, made);
    return made;
  }

  function openedAs(destination: Destination, table: LakeTable): Place {
    const noTable = () => void (place.hasTable = false);
    const observer = deps.observerOf({ ...destination, flowId: flowOf(destination) }, table, noTable);
    const place: Place = { observer, hasTable: table.table !== undefined };
    return place;
  }

  async function observeThere(destination: Destination, events: readonly ObservedEvent[]): Promise<Sighting[]> {
    const place = await placeOf(destination);
    const sightings = await place.observer.observe(events);
    const flow = flowOf(destination);
    if (flow === present.flowId || !place.hasTable) return sightings;
    return sightings.map((sighting) => ({ ...sighting, closed: sighting.closed ?? { flow } }));
  }

  return {
    async observe(events) {
      const sightings = new Map<ObservedEvent, Sighting>();
      const sought = events.filter(({ unproven }) => unproven !== true);
      for (const event of events) if (event.unproven === true) sightings.set(event, UNPROVEN_SIGHTING);
      for (const flow of new Set(sought.map(flowOf))) {
        const group = sought.filter((event) => flowOf(event) === flow);
        const [first] = group;
        const seen = first === undefined ? [] : await observeThere(first, group);
        for (const [index, event] of group.entries()) {
          const sighting = seen[index];
          if (sighting !== undefined) sightings.set(event, sighting);
        }
      }
      return events.flatMap((event) => sightings.get(event) ?? []);
    },
    hasTable: (event) =>
      event.unproven === true || (places.get(flowOf(event))?.hasTable ?? present.place.table !== undefined),
  };
}

function goneAs({ gone }: Gone): Place {
  const sighting: Sighting = {
    copies: 0,
    inFailedBatch: false,
    unreadBatches: [],
    laterVisible: false,
    closed: { dataset: gone },
  };
  return { observer: { observe: (events) => Promise.resolve(events.map(() => sighting)) }, hasTable: true };
}
