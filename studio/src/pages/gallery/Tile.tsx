import { Link } from 'wouter';
import { Badge } from '../../design/Card';
import { classes } from '../../design/classes';
import { useWords } from '../../language/Language';
import { Picture } from '../../pictures/Picture';
import styles from './Gallery.module.css';
import type { Tile as Entry } from './queries';

/** One image of the gallery: opens it, and selects it. */
export function Tile({
  tile,
  index,
  href,
  isSelected,
  isSelecting,
  isTabStop,
  onSelect,
  onExpired,
}: {
  tile: Entry;
  index: number;
  href: string;
  isSelected: boolean;
  /** Whether any image is selected: the boxes of all are shown then. */
  isSelecting: boolean;
  /** Whether the Tab key reaches it: one tile of the grid has it, and arrow keys lead to the others. */
  isTabStop: boolean;
  onSelect: (isRange: boolean) => void;
  onExpired: () => void;
}) {
  const { gallery } = useWords();
  const tabIndex = isTabStop ? 0 : -1;
  return (
    <div
      role="listitem"
      data-index={index}
      className={classes(styles.tile, isSelected && styles.selected, isSelecting && styles.selecting)}
    >
      <Link href={href} title={tile.prompt} tabIndex={tabIndex}>
        <Picture
          url={tile.isDeleted ? null : tile.url}
          placeholder={tile.placeholder}
          alt={tile.prompt}
          isLazy
          onExpired={onExpired}
        />
      </Link>
      <label className={styles.box}>
        <input
          type="checkbox"
          checked={isSelected}
          tabIndex={tabIndex}
          aria-label={gallery.select(tile.prompt)}
          onChange={(event) => onSelect((event.nativeEvent as MouseEvent).shiftKey)}
        />
      </label>
      {tile.isDeleted && (
        <span className={styles.deleted}>
          <Badge kind="bad" label={gallery.isDeleted} />
        </span>
      )}
    </div>
  );
}
