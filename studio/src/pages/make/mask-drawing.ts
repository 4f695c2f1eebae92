interface Point {
  x: number;
  y: number;
}

interface Stroke {
  size: number;
  isErasing: boolean;
  points: Point[];
}

const MAX_STROKES = 500;
const KEYS: Record<string, Point> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/**
 * A mask drawn on a canvas of the source image's size: by pointer, or by arrow keys that move a ring
 * and the space bar that paints.
 */
export class MaskDrawing {
  private strokes: Stroke[] = [];
  private current: Stroke | null = null;
  private ring: Point | null = null;
  private size = 64;
  private isErasing = false;
  private readonly context: CanvasRenderingContext2D;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly onChange: (hasStrokes: boolean) => void,
  ) {
    const context = canvas.getContext('2d');
    if (!context) throw new Error('The browser cannot draw on a canvas');
    this.context = context;
  }

  choose({ size, isErasing }: { size: number; isErasing: boolean }): void {
    this.size = size;
    this.isErasing = isErasing;
    this.draw();
  }

  undo(): void {
    this.strokes.pop();
    this.changed();
  }

  clear(): void {
    this.strokes = [];
    this.changed();
  }

  /** Returns what is to be repainted in white on black. */
  toPng(): Promise<Blob | null> {
    const { width, height } = this.canvas;
    const mask = Object.assign(document.createElement('canvas'), { width, height });
    const context = mask.getContext('2d');
    if (!context) return Promise.resolve(null);
    // Drawn apart first: what was erased must become black, not transparent.
    const drawn = Object.assign(document.createElement('canvas'), { width, height });
    const layer = drawn.getContext('2d');
    if (!layer) return Promise.resolve(null);
    for (const stroke of this.strokes) paint(layer, stroke, '#ffffff');
    context.fillStyle = '#000000';
    context.fillRect(0, 0, width, height);
    context.drawImage(drawn, 0, 0);
    return new Promise((resolve) => mask.toBlob(resolve, 'image/png'));
  }

  /** Draws as the pointer and the keys say, until the returned function is called. */
  listen(): () => void {
    const { canvas } = this;
    const end = new AbortController();
    const options = { signal: end.signal };
    canvas.addEventListener(
      'pointerdown',
      (event) => {
        if (event.button !== 0) return;
        canvas.setPointerCapture(event.pointerId);
        this.ring = null;
        this.begin(this.pointOf(event));
      },
      options,
    );
    canvas.addEventListener(
      'pointermove',
      (event) => {
        if (!this.current) return;
        const moves = event.getCoalescedEvents();
        this.current.points.push(...(moves.length ? moves : [event]).map((move) => this.pointOf(move)));
        this.draw();
      },
      options,
    );
    for (const name of ['pointerup', 'pointercancel'] as const) {
      canvas.addEventListener(name, () => this.finish(), options);
    }
    canvas.addEventListener('keydown', (event) => this.follow(event), options);
    canvas.addEventListener(
      'blur',
      () => {
        this.ring = null;
        this.draw();
      },
      options,
    );
    return () => end.abort();
  }

  private follow(event: KeyboardEvent): void {
    const { width, height } = this.canvas;
    const step = KEYS[event.key];
    if (!step && event.key !== ' ') return;
    event.preventDefault();
    const at = this.ring ?? { x: width / 2, y: height / 2 };
    const distance = Math.max(this.size / 2, 4);
    this.ring = {
      x: Math.min(Math.max(at.x + (step?.x ?? 0) * distance, 0), width),
      y: Math.min(Math.max(at.y + (step?.y ?? 0) * distance, 0), height),
    };
    if (event.key === ' ' || event.shiftKey) {
      this.begin(at);
      this.current?.points.push(this.ring);
      this.finish();
    } else {
      this.draw();
    }
  }

  private begin(point: Point): void {
    this.current = { size: this.size, isErasing: this.isErasing, points: [point] };
    this.strokes = [...this.strokes, this.current].slice(-MAX_STROKES);
    this.draw();
  }

  private finish(): void {
    if (!this.current) return;
    this.current = null;
    this.changed();
  }

  private changed(): void {
    this.draw();
    this.onChange(this.strokes.some(({ isErasing }) => !isErasing));
  }

  private draw(): void {
    const { width, height } = this.canvas;
    this.context.clearRect(0, 0, width, height);
    for (const stroke of this.strokes) paint(this.context, stroke, '#12b5a6');
    if (!this.ring) return;
    this.context.beginPath();
    this.context.arc(this.ring.x, this.ring.y, this.size / 2, 0, 2 * Math.PI);
    this.context.lineWidth = Math.max(width / 250, 2);
    this.context.strokeStyle = '#ffffff';
    this.context.stroke();
    this.context.setLineDash([8, 8]);
    this.context.strokeStyle = '#000000';
    this.context.stroke();
    this.context.setLineDash([]);
  }

  private pointOf(event: MouseEvent): Point {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - left) / width) * this.canvas.width,
      y: ((event.clientY - top) / height) * this.canvas.height,
    };
  }
}

function paint(context: CanvasRenderingContext2D, { size, isErasing, points }: Stroke, color: string): void {
  const [first] = points;
  if (!first) return;
  context.save();
  context.globalCompositeOperation = isErasing ? 'destination-out' : 'source-over';
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.lineWidth = size;
  context.strokeStyle = color;
  context.beginPath();
  context.moveTo(first.x, first.y);
  for (const point of points) context.lineTo(point.x, point.y);
  context.lineTo(first.x === points.at(-1)?.x ? first.x + 0.01 : (points.at(-1)?.x ?? 0), points.at(-1)?.y ?? 0);
  context.stroke();
  context.restore();
}
