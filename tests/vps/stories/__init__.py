"""The stories. Each gets a freshly booted guest of its own, with nginx as the distribution brings it: Debian 12,
or the suite that the story names."""

from guest import Guest
from stories.container import container
from stories.doors import doors
from stories.downloads import fetched, replaced
from stories.facts import facts
from stories.hostile import hostile
from stories.kills import kills
from stories.life import debian13, whole_life
from stories.packages import no_nginx, work_outlives_the_host
from stories.refusals import refusals
from stories.versions import versions

# The others run with MANARA_VPS_ALL.
EVERY_DAY = ["whole_life", "versions", "kills"]
STORIES = [whole_life, versions, kills, refusals, no_nginx, work_outlives_the_host, fetched, replaced, debian13, container,
           hostile, doors, facts]
ALL = {story.__name__: story for story in STORIES}


def guest(name):
    """The guest that the story asks for by attributes: `suite` of Debian, and whether it `boots`."""
    story = ALL[name]
    return Guest(name.replace("_", "-"), getattr(story, "suite", "bookworm"), getattr(story, "boots", True))
