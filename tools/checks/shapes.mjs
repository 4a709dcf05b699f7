/** Finds shapes in TypeScript sources (interfaces, object types, TypeBox objects) and the pairs that are the same. */
import ts from 'typescript';

/** Smaller shapes are alike by chance. */
const MEMBERS_MIN = 4;
/** From this size on, nearly the same is the same. */
const MEMBERS_MIN_NEAR = 6;
const OVERLAP_MIN = 0.8;

/** What a class is handed to work with is its own list, however alike another's is. */
const PARTS = /(Parts|Ports)$/;

/**
 * A declared shape: its name (with that of the declaration around it, `Task.health`), where it is, and the names of its
 * members, sorted.
 * @typedef {{ readonly name: string, readonly file: string, readonly line: number, readonly members: readonly string[] }} Shape
 */

/**
 * Two shapes with (nearly) the same members; `overlap` is the shared part of all their members, 1 when they are equal.
 * @typedef {{ readonly left: Shape, readonly right: Shape, readonly overlap: number }} LookAlike
 */

/**
 * Every named shape of a source file, at any depth.
 * @param {string} file its path, kept in the result
 * @param {string} text its content
 * @returns {readonly Shape[]}
 */
export function shapesIn(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  /** @type {Shape[]} */
  const shapes = [];
  /** @type {(node: ts.Node, name: string) => void} */
  const visit = (node, name) => {
    const members = membersOf(node);
    const ownName = nameOf(node);
    const here = [name, ownName].filter((part) => part !== undefined && part !== '').join('.');
    if (members !== undefined && here !== '') {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      shapes.push({ name: here, file, line, members: [...new Set(members)].sort() });
    }
    ts.forEachChild(node, (child) => {
      visit(child, here);
    });
  };
  visit(source, '');
  return shapes;
}

/**
 * The pairs that look alike, most alike first. The variants within one declaration are one idea.
 * @param {readonly Shape[]} shapes
 * @returns {readonly LookAlike[]}
 */
export function lookAlikes(shapes) {
  const sized = shapes.filter(({ name, members }) => members.length >= MEMBERS_MIN && !PARTS.test(name));
  /** @type {LookAlike[]} */
  const found = [];
  sized.forEach((left, index) => {
    for (const right of sized.slice(index + 1)) {
      if (declarationOf(left) === declarationOf(right)) continue;
      const overlap = overlapOf(left.members, right.members);
      const smaller = Math.min(left.members.length, right.members.length);
      if (overlap === 1 || (overlap >= OVERLAP_MIN && smaller >= MEMBERS_MIN_NEAR)) {
        found.push({ left, right, overlap });
      }
    }
  });
  return found.sort((one, other) => other.overlap - one.overlap);
}

/** @param {Shape} shape */
function declarationOf({ file, name }) {
  return `${file} ${name.split('.')[0] ?? ''}`;
}

/**
 * @param {readonly string[]} left
 * @param {readonly string[]} right
 * @returns {number} shared members / all members
 */
function overlapOf(left, right) {
  const shared = left.filter((member) => right.includes(member)).length;
  return shared / (left.length + right.length - shared);
}

/**
 * The member names of an interface, an object type or a `Type.Object({…})`; undefined for anything else.
 * @param {ts.Node} node
 * @returns {readonly string[] | undefined}
 */
function membersOf(node) {
  if (ts.isInterfaceDeclaration(node) || ts.isTypeLiteralNode(node)) return names(node.members);
  if (!ts.isCallExpression(node) || !/^(Type|t)\.Object$|^Object(Of)?$/.test(node.expression.getText())) {
    return undefined;
  }
  const [properties] = node.arguments;
  return properties !== undefined && ts.isObjectLiteralExpression(properties)
    ? names(properties.properties)
    : undefined;
}

/** @param {ts.NodeArray<ts.TypeElement> | ts.NodeArray<ts.ObjectLiteralElementLike>} members */
function names(members) {
  return members.flatMap((member) => {
    if (member.name !== undefined) return [member.name.getText().replace(/^['"]|['"]$/g, '')];
    // A spread brings members of its own, by the name of what is spread.
    return ts.isSpreadAssignment(member) ? [member.getText()] : [];
  });
}

/**
 * @param {ts.Node} node
 * @returns {string | undefined} the name that a declaration gives to what is inside it
 */
function nameOf(node) {
  const isNamed =
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isVariableDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isParameter(node);
  return isNamed ? node.name?.getText() : undefined;
}
