"""Capital and small letters of the languages of Europe, for expressions; `re` knows no such classes of its own."""

BIG = "[A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽȘȚ]"
SMALL = "[a-zß-öø-ÿāăąćĉċčďđēĕėęěğģīįıķĺļľłńņňōőœŕřśşšţťūůűųźżžșț]"
# One name: Anna, McDonald, O'Brien, Jean-Luc.
NAME = rf"(?:(?:O['’]|D['’]|Mc|Mac)?{BIG}{SMALL}{{1,24}}(?:-{BIG}{SMALL}{{1,24}}){{0,2}})"
