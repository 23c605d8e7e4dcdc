"""Companies and, from Odoo 17 on, their branches, which use the records of their parents."""


def usable_companies(company):
    """Return the companies whose records a company uses: from 17 on a branch uses its parents'."""
    return company.sudo().parent_ids if "parent_ids" in company._fields else company


def company_domain(company):
    """Return the domain of the records that a company uses: shared ones, its own, its parents'."""
    return [("company_id", "in", [False, *usable_companies(company).ids])]


def may_use(company, owner):
    """Return True if a company may use a record of `owner`, which is empty for a shared one."""
    return not owner or owner in usable_companies(company)


def branches(companies):
    """Return the companies that use records of these: themselves and, from 17 on, branches."""
    if "parent_ids" not in companies._fields:
        return companies
    companies = companies.sudo().with_context(active_test=False)
    return companies.search([("id", "child_of", companies.ids)])
