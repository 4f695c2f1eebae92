/** A setting of a model, as `Model.parameters` describes it. */
export interface Parameter {
  name: string;
  type: 'STRING' | 'INTEGER' | 'FLOAT' | 'BOOLEAN' | 'ASPECT_RATIO' | 'LIST' | 'OBJECT';
  /** Where it belongs in an input: a field of its own, or the field `parameters`. */
  location: 'FIELD' | 'PARAMETERS';
  default: number | null;
  choices: readonly string[] | null;
  minimum: number | null;
  maximum: number | null;
  multipleOf: number | null;
  description: string;
}

/** What was entered, by the names of the settings. */
export type Entered = Readonly<Record<string, string>>;

/** Returns the settings of an image or a template as a form holds them, by the names of the settings. */
export function enteredOf(parameters: Readonly<Record<string, unknown>>): Record<string, string> {
  const { __typename: _, parameters: others, ...fields } = parameters;
  const all = { ...fields, ...(others as Record<string, unknown> | null) };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name, typeof value === 'object' ? JSON.stringify(value) : String(value)]],
    ),
  );
}

/** Returns what can be chosen for a setting; null where it is typed. */
export function choicesOf({ type, choices }: Parameter): readonly string[] | null {
  if (choices && choices.length > 0) return choices;
  return type === 'BOOLEAN' ? ['true', 'false'] : null;
}

/** Whether a setting is a number. */
export function isNumber({ type }: Parameter): boolean {
  return type === 'INTEGER' || type === 'FLOAT';
}

/** Returns what was entered for the settings that the model has, as the fields of an input. */
export function parameterInput(parameters: readonly Parameter[], values: Entered): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const others: Record<string, unknown> = {};
  for (const parameter of parameters) {
    const text = values[parameter.name]?.trim();
    if (!text) continue;
    const target = parameter.location === 'PARAMETERS' ? others : fields;
    target[parameter.name] = valueOf(text, parameter);
  }
  return Object.keys(others).length > 0 ? { ...fields, parameters: others } : fields;
}

function valueOf(text: string, parameter: Parameter): unknown {
  if (isNumber(parameter)) return Number(text);
  switch (parameter.type) {
    case 'BOOLEAN':
      return text === 'true';
    case 'LIST':
    case 'OBJECT':
      return asJson(text);
    default:
      return text;
  }
}

/** What is no JSON is sent as it is: the server says what is wrong with it. */
function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
