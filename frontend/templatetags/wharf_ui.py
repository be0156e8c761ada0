"""The components as templates call them: `{% icon "lock" %}`, `{{ tag.size|size }}`. Known in every template (settings)."""

from __future__ import annotations

from django import template

from frontend.components import (
    charts,
    chips,
    choices,
    commands,
    confirming,
    explaining,
    figures,
    icons,
    live,
    markdown,
    menus,
    navigation,
    notices,
    pins,
    secrets,
    states,
)

register = template.Library()

for _simple in (
    icons.icon,
    commands.copy_button,
    commands.command,
    commands.lines,
    figures.name,
    figures.count,
    figures.grown,
    figures.digest,
    figures.when,
    chips.pill,
    chips.platforms,
    chips.labels,
    chips.aliases,
    chips.filter_chip,
    choices.choices,
    states.state,
    states.severities,
    charts.meter,
    charts.sparkline,
    markdown.markdown,
    live.uploads,
    notices.notice,
    notices.empty,
    navigation.crumbs,
    navigation.tabs,
    navigation.pager,
    confirming.confirm,
    confirming.opener,
    secrets.secret_field,
    explaining.explain_chain,
    pins.pin_button,
):
    register.simple_tag(_simple)

for _filter in (figures.size, figures.short, markdown.beginning):
    register.filter(_filter)

register.simple_tag(menus.kebab)
