/** Plain data. */
type Plain = string | number | boolean | null | undefined | readonly Plain[] | { readonly [key: string]: Plain };

/** Whether two values of one shape say the same: numbers, texts, lists and objects of those. */
export function isSameData<Value extends object>(one: Value, other: Value): boolean {
  return isSame(one as Plain, other as Plain);
}

function isSame(one: Plain, other: Plain): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => isSame(Reflect.get(one, key) as Plain, Reflect.get(other, key) as Plain));
}
