/**
 * The handwritten part of the default text: tales, talk, advice and songs of one small harbour, in the order of writing.
 * Written for this project. Few characters are used on purpose: no digits, no quotation marks, fifteen capitals.
 * A source line is a paragraph, a speech or a line of verse, wrapped later; rows of dashes stand between passages.
 */
export function passages(): readonly string[] {
  return handwritten.trim().split('\n\n---\n\n');
}

const handwritten = `
The tale of the wooden gull

A carver who lived above the boat sheds made a gull out of driftwood and set it on a post at the end of the quay. It was so well made that the living gulls came down to look at it. They brought it fish, and it would not eat. They told it the news of the islands, and it did not answer.

At last the oldest of them said: This is the wisest bird among us, for it has never once been wrong. From that day on no gull would begin the autumn flight until it had sat an hour beside the wooden one, and listened, and made up its own mind.

---

The tale of the two lanterns

Two lanterns hung in the window of the harbour house, one of brass and one of tin. The brass lantern was lit on feast days, when there was company to admire it. The tin lantern was lit on every other night of the year.

I wonder that you do not tire of it, said the brass lantern. So many nights, and nobody looks at you. Nobody needs to look at me, said the tin lantern. They look at the rocks.

At the end of the Ice Moon a thief took the brass lantern away. On the next feast day a boat went on the rocks, because nobody had thought to light the other. Since then the tin lantern burns every night, feast or no feast, and there is a dent in its side where the captain of that boat once kissed it.

---

How the bell came to be under the water

Before there was a light on Lantern Head there was a bell. It was cast in a town far inland by people who had never seen the sea, and when the wagon came over the hill with it the founder saw the water for the first time and could not speak.

He stayed three days. On the third he asked how far off the bell would be heard, and they told him: as far as the Sow and her Farrow, which are the rocks that drown us. Then it hangs in the wrong place, he said. It should hang where the danger is, and not where you are.

So they rowed it out to the rocks and built a frame of oak for it, and the waves rang it day and night. It hung there for ninety winters. The great storm took the frame and left the bell, and now it stands on the bottom with its mouth up. At the lowest tides of the year you may see weed growing out of it, and fish going in and out, like words.

---

The tale of the honest scale

There was a fish scale in the market that could not lie. Every other scale in the town could be taught to lean a little, this way for a friend and that way for a stranger, but this one always told the weight. For that reason nobody would use it, and it was sold, and sold again, until it came to a poor woman who had nothing to weigh but mussels.

She weighed them honestly, since she had no choice. In a year the whole town bought its mussels from her. In two years the other sellers came to her stall at night, with their hats over their eyes, to ask whether she would weigh a thing or two for them, and tell no one.

---

The seal who wanted a name

A seal heard the children on the beach calling one another, and it seemed to her a fine thing to have a name. She asked the cormorant for one. The cormorant said: I will call you Fish, since that is what I think of when I look at the sea. But when he called out Fish, all his cousins came, and none of them was pleased to find a seal.

She asked the wind. The wind gave her a name so long that she had forgotten the beginning when it came to the end. She asked the old man who mends nets on the steps, and he looked at her for a while and said: Tomorrow. Come here tomorrow.

And so she thought that her name was Tomorrow. She comes every day, when he calls it across the water, and she has never been late.

---

The tale of the heaviest thing

Three brothers shared one boat and could agree on nothing. One said that the heaviest thing in the world was wet rope. One said that it was an anchor in mud. The third, who had once carried their mother up the stairs when the sea came into the house, said nothing at all, and they took this for sulking.

In a hard wind off Black Head the boat began to fill. They threw out the rope, and she was no lighter. They cut the anchor, and she was no lighter. What else is there? cried the first. The third brother said: Each of you has been saving up a hard word for the other since the spring. Throw those out. So they did, shouting, and bailing as they shouted, and by the time they had nothing left to say the boat was dry.

---

Why the crab walks as it does

The crab once walked straight ahead like everybody else. He was a messenger in those days, and he carried letters between the sea and the land. The sea wrote: I am coming. The land wrote back: I am staying. This went on for a thousand years, and the crab grew tired of it.

One evening he read the letters, which a messenger must never do, and he found that there was nothing new in any of them. From that hour he has gone neither to the sea nor to the land but along the edge between the two, sideways, with both hands full, as one who has been told a secret and does not know where to put it down.

---

The night the harbour was empty

Once, in the time of my mother, there was a night when every boat was out. Nobody had planned it. The herring had come in close, the moon was full, and one boat followed another until there was nothing left at the moorings but the sound of water.

The women and the children and the very old walked down to the quay to look at it. They had never seen the harbour without boats, and it seemed to them smaller than they had thought, and much darker. Somebody began to hum. Somebody else lit a fire on the slip, and then another, and they sat between the fires all night and told stories, louder than they needed to, until the first sail came round the Mole with the morning behind it.

Twenty-six boats went out and twenty-six came in. We have had better catches since. But when the old people here want to say that they were happy, they say: It was like the night when the harbour was empty.

---

The tale of the borrowed hour

A clock maker came to the town with a cart full of clocks, and the people bought them, because it is pleasant to be told a thing that you already know. But the clocks and the tides did not agree. Every day the tide came later by the better part of an hour, and every day the clocks took no notice.

Something is wrong with your sea, said the clock maker. Something is wrong with your clocks, said the people. They sent for Old Bess, who was then only forty, and she put her ear to the clock and her hand in the water. The clock counts, she said. The sea remembers. Do not ask either of them to do the work of the other.

---

The lamp and the moth and the captain

A moth flew around the great lamp all night and could not come in, because of the glass. Let me in, said the moth. Last night I came a hundred miles to you. So did he, said the lamp, and showed it the captain of the Halcyon, far out in the dark, standing at his wheel and steering with all his heart to stay away.

Does he not love you? said the moth. There are two ways to follow a light, said the lamp. One is to come to it. The other is to know by it where you are. Most of those who took the first way are on the sill there. Somebody sweeps them up in the morning.

---

The tale of the thirteenth oar

The long boat of Holm Island had twelve oars and twelve men, and in every race it came in second. So they made a thirteenth oar, and since there was no place for it, they gave it to a boy and told him to sit in the stern and do no harm.

The boy put the oar over the stern and leaned on it when the boat wandered, first to one side and then to the other. They won by nine lengths. Tell us how you did it, they asked him, since you are the weakest of us all. It is not hard, said the boy. All of you look at where we have been. Somebody ought to look at where we are going.

---

A winter at the light

Nobody tells you about the noise. They tell you that it will be lonely, and it is, in the way that a room is lonely after a large family has left it. But the sea does not leave. It leans on the door and talks. In the second month I began to answer, and in the third I noticed that it never waited until I was done.

I made rules. To shave every morning, though there was no one to see it. To eat at the table and not on the stairs. To write one true sentence in the log each evening, besides the wind and the weather. Some of those sentences I still think are good. On the eleventh: The ice sings before it breaks. On the nineteenth: A man can be hungry for the colour green.

In the spring the boat came with oranges. I had meant to say something fine to them, after so long. But I only held one of the oranges and said, look at that, look at that, and they all laughed, and so did I.

---

The two wells

There are two wells in the town, and the water of the upper one is sweet. The lower one has been a little salt ever since the sea broke in. Strangers are always shown the upper well. But the bread is made with water from the lower one, and it is a thing worth knowing that people who move away can never say what is wrong with the bread in other places.

---

The tale of the stubborn map

A captain bought a map of the coast, drawn by a great master, in seven colours. There was a bay on it, with good holding in ten fathoms, where in truth there was only a cliff. He sailed along the cliff for three days and looked for the bay. He was a careful man, and he did not like to think that so beautiful a map could be wrong.

On the fourth day an old woman in a small boat asked him what he had lost. He showed her. She took a piece of burnt wood and drew a cliff over the bay. Now it is ugly, he said. Now it is a map, said the old woman.

---

On the stairs of the light

Child: How many steps are there to the lamp?
Warden: One hundred and ninety going up. Two hundred and ten coming down.
Child: That cannot be so. It is the same stair.
Warden: Have you ever come down it in the dark, with an empty can, at the end of a night?
Child: No.
Warden: Then count the steps again when you have.

---

At the ferry

Stranger: How long does it take to cross?
Ferryman: With the tide, as long as a song. Against it, as long as a sermon.
Stranger: And how is the tide at this moment?
Ferryman: Thinking.
Stranger: What do I owe you, if it thinks for long?
Ferryman: A penny for the crossing. The waiting is free. Most people find it is the better part.

---

A bargain at the fish market

Dora: Six pence for that? It has been dead since Sunday.
Silas: Since this morning, and it died in good company.
Dora: Look at its eye. It has given up all hope.
Silas: So would you, with such a customer. Five.
Dora: Four, and the head for the cat.
Silas: Four and a half, and the cat comes to fetch it, and tells me to my face that it is not fresh.
Dora: Four. The cat is busy.
Silas: Four, then. But it is robbery, and I will tell my wife so.
Dora: Tell her that her sister said good morning.

---

On the weather

Ida: What will it do tomorrow?
Old Nils: It will rain, or it will not.
Ida: Anybody could have told me that.
Old Nils: Then why did you walk all the way to me?
Ida: Because when the others say it, it does the third thing.
Old Nils: Ah. Tomorrow it will do the third thing. Take the heavy coat, and leave the washing in.

---

Two boys and a boat

Tom: It leaks.
Ned: It only leaks where the water is.
Tom: There are four holes in it. I can see my foot.
Ned: Four holes, and we have four feet. I have thought about all of this.
Tom: And who will row, if our feet are in the holes?
Ned: We have hands, do we not? What is the matter with you? Do you want to see the island or do you want to stay dry?
Tom: I want to see the island and come back.
Ned: Nobody said anything about coming back.

---

In the lamp room

Ellen: Who was the first to light it?
Warden: A woman called Hanne Lund. Her husband had the post and the pay, and she had the work.
Ellen: Was she ever afraid?
Warden: She wrote in the log that she was afraid on eleven nights. She gives the date of each of them.
Ellen: That is not many.
Warden: It is more than any of the men wrote, in a hundred years. That is how we know that she was telling the truth.

---

The doctor calls

Doctor Lund: Where does it hurt?
Old Ben: When I climb out of the boat.
Doctor Lund: I asked you where, and not when.
Old Ben: On the third rung of the ladder.
Doctor Lund: Then stay out of the boat for a month.
Old Ben: It does not hurt me in the boat. It only hurts when I come ashore. The way I look at it, I come ashore too often.
Doctor Lund: Has your wife heard this opinion?
Old Ben: It was her idea.

---

A lesson in knots

Captain: Show me the knot that you made.
Wat: It came undone.
Captain: Then it was not a knot. It was a rope with a good opinion of itself. Again.
Wat: Over, and under, and through the eye.
Captain: And now pull.
Wat: It holds!
Captain: Of course it holds. Now undo it with cold hands, in the dark, while I shout at you. That is the other half of a knot.

---

After the funeral

Agnes: He never learned to swim. All those years, and he never learned.
Martha: None of them do. They say that it only makes it longer.
Agnes: And then he dies in bed, in his good shirt, with the window open.
Martha: Did he say anything?
Agnes: He asked if the boat was tied. I told him it was.
Martha: And was it?
Agnes: I went down afterwards and looked. It was tied with that knot of his which nobody else can undo.

---

Of the care of lamps

Trim the wick straight across, and take the corners off, or it will smoke. Fill the lamp before sunset and never after. Wipe the glass with a dry cloth, then with a clean one, and do not believe that it is clean because you are tired. A lamp that is low on oil burns brighter for a moment before it fails. Learn to know that brightness. It is the only warning you will have.

---

How to make a stew for twelve hands

Take what came up in the net and would not sell. Clean it, and be thorough. Cut two onions for every man who is working and one for every man who is talking. Set the pot where the boat moves least. Add barley, a bay leaf, black pepper, and water from the upper well, and let it think for an hour. Add the fish at the end, since it has had a hard day and needs no long cooking. Serve it in the order in which they came off watch, and the captain last. If there is any left over, you have counted wrong.

---

Of the town

The town lies in the crook of the bay like a cat in the crook of an arm. Above is the moor, below is the sea, and between them are four streets, of which three lead to the water and one leads to the church. The houses are white, and the doors are painted with whatever was left over from the boats, so that a man who has been away for a long time can tell by looking at the doors who has a new boat and who has none.

The wind lives here as well. It has the use of the whole town, and pays nothing. In the autumn it goes through the market like an inspector and lifts the corner of everything. There are no tall trees, and the few low ones all lean towards the land, as if they were listening for somebody who had promised to call them in.

---

Of the four tides that have names

Most tides come and go without a name, like most people who pass on a road. Four have been given one. The Widow comes in the Storm Moon and takes what was not tied. The Miller comes in the spring and drives the wheel at the head of the creek for a night and a day without rest. The Sleeper is so small that a boat left on the sand in the morning is still there at night. And the Old Debt comes once in a life, and covers the lower stairs, and the market, and the first step of the church, and then goes away again quite slowly, as one who has read what was written and found it correct.

---

From a sermon in the small church

Father Cole said: Some of you ask me why the storm took the boat of a good man and left the boat of a bad one. I have looked for it in the book, and it is not in the book. But I looked out of the window as well. I saw the bad man wade in to his neck to hold the line. Maybe the storm had come to ask a question, and maybe it was not the drowned man whom it asked. And now let us sing, since it is cold in here, and none of us knows.

---

On the mending of nets

A net is mostly holes. The skill is in the rest. Begin at the edge of the tear and cut away until every broken mesh has three good sides, for a hole must be made larger before it can be made whole. Take twine of the same age as the net if you have it, because new twine is proud and cuts the old. When you are done, hang it up against the light. If you can find the place, then so can the fish.

---

Advice to a new hand

One hand for yourself and one for the boat. Do not whistle, and do not ask why. Learn the names of the ropes before the names of the men, because the men will wait for you. If you are sick, be sick to leeward. When the captain is silent, be silent too. When the captain sings, look to the sky at once. At the end of the day coil down every line as if you had to find it in the dark, since one day you will have to.

---

The song of the slow boat

The fast boat left on the morning tide,
With a fine new coat of paint on her side,
And the slow boat left when the day was done,
With a loaf and a lamp and the mate and his son.
Oh, where is the fast boat, tell me, do?
She has been to the north and the south, and through.
And where is the slow boat, tell me, then?
She is home, she is home, she is home again.

---

A song for hauling

Haul for the mother who bakes the bread,
Haul away, boys, haul!
Haul for the roof above your head,
Haul away, boys, haul!
Haul for the lamp on the window sill,
Haul away, boys, haul!
Haul for the ones who are out there still,
Haul away, boys, haul away all!

---

A song for a child who will not sleep

Hush, the boats are all in line,
Ten are sleeping, so are nine,
Eight are dreaming of the bay,
Seven dream they sailed away,
Six are rocking, five are still,
Four have climbed the window sill,
Three are whispering to two:
One is left, and that is you.

---

Written on the wall of the boat shed

Build her of oak, and build her wide,
And never lend her on the ebbing tide.
Build her of larch, and build her long,
And count your nails, and do it wrong,
And count again. A boat will float
On what you know about a boat.
`;
