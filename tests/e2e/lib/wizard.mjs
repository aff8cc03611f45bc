// The wizard for a new site, as somebody with a mouse goes through it.

/** Goes to the review; the site is `{ kind, domain, aliases, upstream, header }`. */
export async function toReview(person, site) {
  const { page } = person;
  // A draft that was left outlives its page.
  await page.evaluate(() => sessionStorage.clear());
  await person.go('/sites/new');
  await page.locator(`input[type=radio][value=${site.kind}]`).check();
  await person.button('action.next').click();
  await page.locator('input[name=domain]').fill(site.domain);
  for (const [index, alias] of (site.aliases ?? []).entries()) {
    await person.button('site.alias_add').click();
    await page.getByLabel(person.t('site.alias_number', { number: index + 1 }), { exact: true }).fill(alias);
  }
  await person.button('action.next').click();
  if (site.upstream) await page.locator('input[name=upstream]').fill(site.upstream);
  if (site.header) {
    await person.button('proxy.header_add').click();
    await page.getByLabel(person.t('proxy.header_name'), { exact: true }).fill(site.header.name);
    await page.getByLabel(person.t('proxy.header_value'), { exact: true }).fill(site.header.value);
  }
  await page.locator('form footer').getByRole('button', { name: person.t('wizard.to_review') }).click();
}

/** Makes the site and waits for the page that says so. */
export async function create(person, site) {
  await toReview(person, site);
  await person.page.getByText(person.t('plan.test_ok')).waitFor();
  await person.button('wizard.apply').click();
  await person.heading('wizard.done_title').waitFor();
}
