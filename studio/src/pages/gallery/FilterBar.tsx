import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { useQuery } from 'urql';
import { Button } from '../../design/Button';
import { Field, Select } from '../../design/Field';
import { useWords } from '../../language/Language';
import type { FilterName, Filters } from './filters';
import styles from './Gallery.module.css';
import { CHOICES } from './queries';

const TYPING_MILLISECONDS = 350;

/** Words to search for, and the other filters behind a button. */
export function FilterBar({ filters, onChange }: { filters: Filters; onChange: (filters: Filters) => void }) {
  const { gallery } = useWords();
  const { q, ...others } = filters;
  const count = Object.keys(others).length;
  const [isOpen, setOpen] = useState(count > 0);
  const set = (name: FilterName, value: string) => {
    const { [name]: _, ...rest } = filters;
    onChange(value ? { ...rest, [name]: value } : rest);
  };
  return (
    <search className={styles.filters}>
      <div className={styles.search}>
        <Typed
          type="search"
          label={gallery.search}
          isLabelHidden
          placeholder={gallery.search}
          value={q ?? ''}
          onType={(value) => set('q', value)}
        />
        <Button
          icon="filter"
          label={count ? gallery.filtersOn(count) : gallery.filters}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
      </div>
      {isOpen && <More filters={filters} set={set} />}
      {isOpen && count > 0 && (
        <Button kind="quiet" icon="close" label={gallery.clear} onClick={() => onChange({})} />
      )}
    </search>
  );
}

function More({ filters, set }: { filters: Filters; set: (name: FilterName, value: string) => void }) {
  const { gallery } = useWords();
  const [{ data }] = useQuery({ query: CHOICES });
  return (
    <div className={styles.more}>
      <Select
        label={gallery.model}
        value={filters.model ?? ''}
        onChange={(event) => set('model', event.target.value)}
      >
        <option value="">{gallery.any}</option>
        {data?.models.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
      <Select
        label={gallery.template}
        value={filters.template ?? ''}
        onChange={(event) => set('template', event.target.value)}
      >
        <option value="">{gallery.any}</option>
        {data?.templates.edges.map(({ node: { id, name } }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
      <Typed
        label={gallery.tags}
        placeholder={gallery.tagsPlaceholder}
        value={filters.tags ?? ''}
        onType={(value) => set('tags', value)}
      />
      <Field
        type="date"
        label={gallery.since}
        value={filters.since ?? ''}
        onChange={(event) => set('since', event.target.value)}
      />
      <Field
        type="date"
        label={gallery.until}
        value={filters.until ?? ''}
        onChange={(event) => set('until', event.target.value)}
      />
      <Select
        label={gallery.deleted}
        value={filters.deleted ?? ''}
        onChange={(event) => set('deleted', event.target.value)}
      >
        <option value="">{gallery.deletedNot}</option>
        <option value="INCLUDE">{gallery.deletedToo}</option>
        <option value="ONLY">{gallery.deletedOnly}</option>
      </Select>
    </div>
  );
}

/** A text that takes effect when there is a pause in typing. */
function Typed({ value, onType, ...rest }: React.ComponentProps<typeof Field> & { value: string; onType: (value: string) => void }) {
  const [text, setText] = useState(value);
  const known = useRef(value);
  const report = useEffectEvent((typed: string) => {
    known.current = typed;
    onType(typed);
  });
  useEffect(() => {
    if (value === known.current) return;
    known.current = value; // it was changed elsewhere, such as by a click that clears the filters
    setText(value);
  }, [value]);
  useEffect(() => {
    const typed = text.trim();
    if (typed === known.current) return undefined;
    const timer = setTimeout(() => report(typed), TYPING_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  return <Field {...rest} value={text} onChange={(event) => setText(event.target.value)} />;
}
