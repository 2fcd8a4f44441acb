"""The drawings of icons and tiers: paths in a box of 16 x 16, in the colour of the text around them."""

ICONS = {
    "call": (
        '<path d="M3.5 2.5h2l1.2 3-1.5 1.2a8 8 0 0 0 4.1 4.1l1.2-1.5 3 1.2v2a1 1 0 0 1-1.1 1A10.5 10.5 0 0 1 '
        '2.5 3.6a1 1 0 0 1 1-1.1Z"/>'
    ),
    "sms": '<path d="M2.5 3.5h11v7.5h-6l-3 2.5V11h-2z"/><path d="M5.5 6.5h5M5.5 8.5h3"/>',
    "email": '<path d="M2 3.5h12v9H2z"/><path d="m2.5 4.5 5.5 4 5.5-4"/>',
    "letter": '<path d="M3 2h7l3 3v9H3z"/><path d="M5.5 7.5h5M5.5 10h5"/>',
    "reminder": '<path d="M4 11V7a4 4 0 0 1 8 0v4l1 1.5H3z"/><path d="M6.8 14.2h2.4"/>',
    "visit": '<path d="M2.5 7.5 8 2.5l5.5 5v6h-11z"/><path d="M6.5 13.5v-4h3v4"/>',
    "plan": '<path d="M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3"/><path d="m5.8 10 1.5 1.5 3-3"/>',
    "settlement": '<circle cx="8" cy="8" r="5.8"/><path d="m5.5 8.3 1.8 1.7 3.3-3.8"/>',
    "legal_review": '<path d="M8 2.5v11M4.5 13.5h7M3 5l5-1.5L13 5M3 5l-1.5 4h3zM13 5l-1.5 4h3z"/>',
    "no_action": '<circle cx="8" cy="8" r="5.8"/><path d="M5.5 8h5"/>',
    "inbound": (
        '<path d="M13.5 2.5 9 7M9 3.5V7h3.5"/><path d="M3 3.5h1.7l1 2.5-1.2 1a7 7 0 0 0 3.5 3.5l1-1.2 2.5 '
        '1V12a1 1 0 0 1-1.1 1A9.5 9.5 0 0 1 2 4.6a1 1 0 0 1 1-1.1Z"/>'
    ),
    "payment": '<rect x="2" y="4" width="12" height="8" rx="1"/><circle cx="8" cy="8" r="1.8"/>',
    "promise": '<path d="M8 2.2v3M8 10.8v3"/><path d="M3 8.5 6.5 12 13 4.5"/>',
    "score": '<path d="M2.5 13V9.5M6.2 13V6.5M9.8 13V8M13.5 13V3"/>',
    "check": '<path d="m3 8.5 3.2 3.2L13 4.8"/>',
    "clock": '<circle cx="8" cy="8" r="5.8"/><path d="M8 4.8V8l2.2 1.5"/>',
    "search": '<circle cx="7" cy="7" r="4.3"/><path d="m10.3 10.3 3.4 3.4"/>',
    "menu": '<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>',
    "next": '<path d="M3 8h9.5M9 4.5 12.5 8 9 11.5"/>',
    "up": '<path d="M8 13V3.5M4 7.5l4-4 4 4"/>',
    "down": '<path d="M8 3v9.5M4 8.5l4 4 4-4"/>',
    "previous": '<path d="M13 8H3.5M7 4.5 3.5 8 7 11.5"/>',
    "out": '<path d="M6.5 2.5h-4v11h4M6.5 8H14M11 5l3 3-3 3"/>',
    "info": '<circle cx="8" cy="8" r="5.8"/><path d="M8 7.3v3.5M8 5v.1"/>',
    "warning": '<path d="M8 2.3 14.3 13.5H1.7z"/><path d="M8 6.5v3.3M8 11.7v.1"/>',
    "sun": (
        '<circle cx="8" cy="8" r="2.8"/><path d="M8 1.5v1.7M8 12.8v1.7M1.5 8h1.7M12.8 8h1.7M3.4 3.4l1.2 '
        '1.2M11.4 11.4l1.2 1.2M3.4 12.6l1.2-1.2M11.4 4.6l1.2-1.2"/>'
    ),
    "moon": '<path d="M13.3 9.7A5.8 5.8 0 0 1 6.3 2.7a5.8 5.8 0 1 0 7 7Z"/>',
    "half": '<circle cx="8" cy="8" r="5.8"/><path d="M8 2.2a5.8 5.8 0 0 1 0 11.6z" fill="currentColor"/>',
    "inbox": '<path d="M2.5 9.5 4.5 3.5h7l2 6v3.5h-11z"/><path d="M2.5 9.5H6c.3 1.3 1 2 2 2s1.7-.7 2-2h3.5"/>',
    "people": (
        '<circle cx="6" cy="5.5" r="2.3"/><path d="M2 13c0-2.5 1.7-4 4-4s4 1.5 4 4M10.5 3.4a2.3 2.3 0 0 1 0 '
        '4.2M11.8 9.3c1.4.6 2.2 1.9 2.2 3.7"/>'
    ),
}

# Tiers by shape: a circle, a diamond, a triangle, a filled square.
TIER_SHAPES = {
    "low": '<circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="2.5"/>',
    "medium": '<path d="M8 2.2 13.8 8 8 13.8 2.2 8z" fill="none" stroke="currentColor" stroke-width="2.3"/>',
    "high": '<path d="M8 2.5 14.3 13.3H1.7z" fill="currentColor"/>',
    "very_high": '<path d="M2 2h12v12H2z" fill="currentColor"/>',
}
