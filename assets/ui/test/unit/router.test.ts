import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRoute, matchPath, safeReturnPath, withQuery } from '../../src/lib/router';

test('a pattern takes the parts of a path', () => {
  assert.deepEqual(matchPath('/sites/:domain/nginx', '/sites/shop.alnoor.sa/nginx'), { domain: 'shop.alnoor.sa' });
  assert.deepEqual(matchPath('/', '/'), {});
  assert.equal(matchPath('/sites', '/sites/a'), null);
});

test('names of any script come decoded, broken escapes as they are', () => {
  const path = `/sites/${encodeURIComponent('مثال.إختبار')}`;
  assert.deepEqual(matchPath('/sites/:domain', path), { domain: 'مثال.إختبار' });
  assert.deepEqual(matchPath('/sites/:domain', '/sites/%E0%A4%A'), { domain: '%E0%A4%A' });
});

test('the first fitting route wins', () => {
  const routes = [{ pattern: '/sites/new' }, { pattern: '/sites/:domain' }];
  assert.equal(findRoute(routes, '/sites/new')?.route, routes[0]);
  assert.equal(findRoute(routes, '/sites/a.test')?.route, routes[1]);
  assert.equal(findRoute(routes, '/nowhere'), null);
});

test('signing in leads only to paths of this origin', () => {
  assert.equal(safeReturnPath('/sites?q=a#x'), '/sites?q=a#x');
  for (const bad of [null, '', 'https://evil.test', '//evil.test', '/\\evil.test', '/\t/evil.test', 'javascript:alert(1)', '/a\\b', '/sign-in?return=/x', '/claim']) {
    assert.equal(safeReturnPath(bad), '/', String(bad));
  }
});

test('a query changes in parts', () => {
  const query = new URLSearchParams('q=a&kind=proxy');
  assert.equal(withQuery('/sites', query, { q: '', state: 'active' }), '/sites?kind=proxy&state=active');
  assert.equal(withQuery('/sites', query, { q: '', kind: '' }), '/sites');
});
