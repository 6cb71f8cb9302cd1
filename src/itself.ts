/** What a class says where its methods are called on something else than its instances. */
import { describe, UNWRAP, wrongKind } from './errors.js';
import { isObject, kindOf } from './kinds.js';

/**
 * Has each method and getter of a prototype, or of a class, refuse another `this` than those that `isOwn` knows: none,
 * which it has in `rows.map(model.predict)`, or a Proxy, which has none of the class's private fields. The engine's own
 * error would be about a name that nobody knows.
 *
 * @param owner what messages call it, such as `model`
 */
export function callOnItselfAlone(of: object, owner: string, isOwn: (value: object) => boolean): void {
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(of))) {
    const { get, value: method } = property;
    const isMethod = typeof method === 'function' && key !== 'constructor';
    if (!get && !isMethod) continue;
    const where = `${owner}.${key}`;
    const refuse = (other: unknown): TypeError => {
      const tag = kindOf(other);
      if (tag === 'Model' || tag === 'Trainer') {
        return wrongKind(where, `the ${owner} itself`, `a Proxy of a ${tag}`, UNWRAP);
      }
      const mend = `call it as ${where}(…), such as in given => ${where}(given)`;
      return wrongKind(where, `the ${owner} before the dot`, describe(other), mend);
    };
    const isAsync = isMethod && method.constructor.name === 'AsyncFunction';
    // Named as they are, which stack traces show; and without a list of what they were given, which would be garbage.
    const own = {
      get [key](): unknown {
        if (!isObject(this) || !isOwn(this)) throw refuse(this);
        return get?.call(this);
      },
    };
    const called = {
      [key](this: unknown, ...given: unknown[]): unknown {
        if (isObject(this) && isOwn(this)) return method.apply(this, given);
        if (isAsync) return Promise.reject(refuse(this));
        throw refuse(this);
      },
    };
    Object.defineProperty(of, key, { ...Object.getOwnPropertyDescriptor(get ? own : called, key), enumerable: false });
  }
}
