import { describe, expect, it } from 'vitest';
import { checkHeader, openTable } from '../../src/data/csv.js';

const check = (text: string) => checkHeader(openTable('f.csv', new TextEncoder().encode(text)), {});

describe('a header', () => {
  it.each([
    ['numbers above numbers', '6,148,72,33.6,0.6,50,1\n1,85,66,26.6,0.3,31,0\n8,183,64,23.3,0.7,32,1\n'],
    ['a class among numbers', '5.1,3.5,setosa\n4.9,3,setosa\n6.2,3.4,virginica\n'],
    ['decimal commas', '5,1;3,5;a\n4,9;3,1;a\n6,2;3,4;b\n'],
    ['letters that come again', 'p,x,s\ne,x,s\np,y,s\n'],
    ['two numbers that follow each other', '3,4\n5,6\n7,8\n'],
    ['numbers at equal distances that stand below again', '1,2,3,a\n3,1,2,b\n1,2,3,b\n'],
    ['two numbers', '6,148\n1,85\n8,183\n'],
    ['one column of numbers', '5\n6\n7\n'],
  ])('is missed: %s', (_, text) => {
    expect(() => check(text)).toThrow('--no-header');
    expect(() => checkHeader(openTable('f.csv', new TextEncoder().encode(text)), { header: true })).not.toThrow();
  });

  it('is missed where scikit-learn counts rows and inputs', () => {
    const counted = (rows: number) => `${rows},4,setosa,versicolor,virginica\n5.1,3.5,1.4,0.2,0\n6.2,3.4,5.4,2.3,2\n`;
    expect(() => check(counted(2))).toThrow(
      "f.csv, line 1: expected the names of the columns, got '2' and '4', which count the rows and the inputs below; write",
    );
    expect(() => check(counted(3))).not.toThrow();
  });

  it.each([
    ['names', 'a,b\n1,2\n3,4\n'],
    ['years', 'country,1990,1991,1992\nA,1,2,3\nB,4,5,6\n'],
    ['years above numbers like them', '1990,1991,1992\n1990,2000,1800\n1991,1991,1700\n'],
    ['two places', '0,1\n5,6\n7,8\n'],
    ['places', '0,1,2\n5,6,7\n5,6,8\n'],
    ['an index without a name', ',0,1,2\n0,5,6,7\n1,5,6,8\n'],
    ['pixels behind a label', 'label,0,1,2\n5,0,0,1\n6,0,0,2\n'],
    ['names of texts', 'x,y\na,b\nb,a\n'],
    ['numbers with a name', 'x,2\na,5\nb,6\n'],
  ])('is taken: %s', (_, text) => {
    expect(() => check(text)).not.toThrow();
  });
});
