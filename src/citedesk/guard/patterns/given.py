"""Well-known given names of many cultures, compiled by hand for this project.

Left out are names that are mostly other words, months, places or products: Will, Mark, April, Paris, Ruby, Jordan.
"""

_NAMES = """
Aaron Abby Abdul Abdullah Abel Abigail Abraham Ada Adam Adela Adele Adeline Adrian Adriana Adrien Agata Agatha Agnes
Agnieszka Ahmad Ahmed Aidan Aiko Aileen Aisha Aisling Akihiro Akira Akiko Alan Alastair Albert Alberto Alejandra Alejandro
Aleksander Aleksandr Aleksandra Alessandra Alessandro Alessia Alex Alexander Alexandra Alexandre Alexandru Alexei Alexey
Alexis Alfie Alfonso Alfred Alfredo Ali Alice Alicia Alina Alison Alistair Allan Allen Allison Alma Alvaro Álvaro Alyssa
Amalia Amanda Amara Amelia Amelie Amina Amir Amit Amy Ana Anastasia Anatoly Anders Andre André Andrea Andreas Andrei Andrej
Andres Andrés Andrew Andrey Andrzej Andy Angela Angelica Angelika Angelina Angelo Angie Anika Anil Anita Anja Anjali Ann
Anna Annabelle Anne Anneke Annelies Annette Annika Anouk Anthony Antoine Anton Antonella Antonia Antonio Antónia António
Anya Arash Archie Ariana Arianna Arjun Arlene Armando Arnaud Arnold Aroha Arthur Artur Arturo Arun Arvid Asha Ashish Ashley
Ashok Astrid Asuka Audrey August Augusto Aurelie Aurélie Aurora Ava Axel Ayaan Ayesha Ayşe Azadeh Barbara Barry Bartosz
Bastian Beata Beate Beatrice Beatrix Beatriz Becky Ben Benedict Benedikt Benjamin Bernadette Bernard Bernardo Bernd Bernhard
Bert Bertha Beth Bethany Betty Beverly Bhavna Bianca Bilal Birgit Birgitta Björn Bjorn Blanca Bogdan Boris Bożena Brad Bradley
Brandon Brenda Brendan Brent Brett Brian Brianna Bridget Brigitte Britta Brittany Brooke Bruce Bruno Bryan Caitlin Callum
Cameron Camila Camilla Camille Candice Carina Carl Carla Carlo Carlos Carmen Carol Carole Carolin Carolina Caroline Carolyn
Carsten Caspar Cassandra Catalina Catarina Catherine Cathy Catriona Cecilia Cecilie Cécile Cedric Cédric Celeste Celia Celine
Céline César Cesar Chandra Chantal Charles Charlie Chelsea Chen Chiara Chidi Chinedu Chioma Chloe Chloé Chris Christa
Christian Christiane Christina Christine Christoph Christophe Christopher Ciara Cindy Claire Clara Clarissa Claude Claudia
Claudio Claus Clemens Clément Clive Colette Colin Colleen Connor Conor Conrad Constance Corinna Corinne Cornelia Cornelius
Corey Cory Courtney Craig Cristian Cristiano Cristina Curtis Cynthia Cyril Dagmar Damian Damien Dan Dana Daniel Daniela Daniele
Danielle Danny Dario Darius Darren Darryl Dave David Davide Dean Debbie Deborah Debra Declan Deepa Deepak Deirdre Denis Denise
Dennis Derek Desmond Detlef Dexter Diana Diane Diarmuid Diego Dieter Dietmar Dilip Dimitri Dimitrios Dinesh Dirk Dmitri Dmitry
Dolores Dominic Dominik Dominika Dominique Don Donald Donna Doreen Doris Dorothea Dorothy Doug Douglas Duncan Dustin Dwayne Dylan
Eamon Ebony Ed Eddie Edgar Edith Edmund Eduardo Edward Edwin Eileen Eilidh Ekaterina Elaine Eleanor Elena Eleni Elias Elif Elijah
Elin Elisa Elisabeth Élise Elise Eliza Elizabeth Ella Ellen Ellie Elliot Elsa Elsie Emeka Emil Emilia Emiliano Emilie Émilie
Emilio Emily Emma Emmanuel Emre Enrico Enrique Eoin Eric Erica Erich Erik Erika Erin Ernest Ernesto Ernst Esra Esteban Estelle
Esther Ethan Étienne Etienne Eugene Eugenia Eva Evan Evangelos Evelina Evelyn Ewa Ewan Fabian Fabien Fabio Fabrice Fabrizio
Farah Farid Fatima Fatma Federica Federico Felicia Felicity Felipe Felix Ferdinand Fergus Fernanda Fernando Filip Filippo Fiona
Flavia Flavio Florian Frances Francesca Francesco Francine Francis Francisca Francisco Franck François Françoise Frank Franz
Franziska Fraser Fred Freda Freddie Frederic Frédéric Frederick Frederik Fredrik Freya Frida Friedrich Fritz Fumiko Gabriel
Gabriela Gabriele Gabriella Gabrielle Gareth Gary Gaurav Gavin Gemma Geoff Geoffrey George Georg Georges Georgina Gerald Geraldine
Gerard Gérard Gerd Gerhard Gerrit Gertrude Giacomo Giancarlo Gianluca Gianni Gilbert Giles Gillian Gina Ginger Giorgia Giorgio
Giovanna Giovanni Gisela Giulia Giuliana Giulio Giuseppe Gladys Glenn Gloria Gordon Gottfried Graeme Graham Greg Gregor Gregory
Greta Gretchen Grzegorz Guadalupe Gudrun Guido Guillaume Guillermo Gunnar Günter Günther Gustav Gustavo Gwen Gwendolyn Hannah Hanna
Hannes Hans Harald Harold Harriet Harry Hartmut Haruka Haruki Hasan Hassan Hauke Hazel Heather Hector Héctor Heidi Heike Heiko
Heiner Heinrich Heinz Helen Helena Helene Hélène Helga Helmut Hendrik Henri Henriette Henrik Henry Herbert Heriberto Herman
Hermann Hilary Hilda Hildegard Hiroki Hiroko Hiroshi Holger Hortense Howard Hubert Hugh Hugo Humberto Hussein Hyun Ian Ibrahim
Ida Ifeoma Ignacio Igor Ikram Ilaria Ilona Ilse Imani Imran Ina Inga Inge Ingeborg Ingo Ingrid Ioana Irena Irene Irina Irma Isaac
Isabel Isabell Isabella Isabelle Isabel Isaiah Isha Isla Ismael Ismail Istvan István Ivan Ivana Ivo Iwona Jaap Jacek Jackie
Jackson Jacob Jacopo Jacqueline Jacques Jade Jae Jaime Jakob Jakub James Jamie Jan Jana Jane Janet Janette Janice Janina Janine
Janis Janne János Jared Jarek Jasmin Jason Javier Jay Jayden Jean Jeanette Jeanne Jeff Jeffrey Jelena Jen Jenna Jennifer Jenny
Jens Jeremy Jérôme Jerome Jerry Jesper Jess Jesse Jessica Jessie Jesús Jill Jim Jimmy Jin Jing Jiří Jo Joachim Joan Joana Joanna
Joanne João Joaquin Joaquín Jochen Jodie Joe Joel Johan Johann Johanna Johannes John Johnny Jolanda Jon Jonas Jonathan Joost Joris
Jorge José Jose Josef Josefina Joseph Josephine Josh Joshua Josip Joyce Juan Juana Judith Judy Juergen Jukka Jules Julia Julian
Juliana Juliane Julie Julien Juliet Julieta Juliette Julio Julius Junko Jürgen Justin Justine Justyna Jutta Kai Kaitlin Kamal Kamala
Kamil Kamila Karan Karen Karim Karin Karina Karl Karla Karolina Karsten Kasia Kaspar Katarina Katarzyna Kate Kateryna Katharina
Katherine Kathleen Kathrin Kathryn Kathy Katia Katie Katja Katrin Katrina Kay Kayla Kazuki Kazuko Keiko Keith Kelly Kelsey Ken
Kendra Kenji Kenneth Kenny Kerry Kerstin Kevin Khadija Khaled Khalid Kieran Kim Kimberly Kiran Kirsten Kirsty Kjell Klaus Klára
Knut Konrad Konstantin Krishna Kristen Kristian Kristin Kristina Kristine Kristof Krystyna Krzysztof Kumar Kunal Kurt Kwame Kyle
Kyoko Lakshmi Lara Larissa Larry Lars Lasse Laszlo László Laura Lauren Laurence Laurent Laurie Lawrence Layla Lea Léa Leah Leandro
Leanne Lee Leila Lena Leo Léo Leon Léon Leonard Leonardo Leonie Leonor Leroy Leslie Leticia Lewis Liam Lidia Lieselotte Lila Lilian
Liliana Lillian Lily Lin Lina Linda Lindsay Lindsey Ling Linus Lionel Lisa Lise Liv Livia Liz Lloyd Logan Lois Lola Lone Lorena
Lorenzo Loretta Lori Lorraine Lotte Lou Louis Louisa Louise Luc Luca Lucas Lucia Lucía Lucian Luciana Luciano Lucie Lucien Lucille
Lucinda Lucy Ludmila Ludwig Luigi Luis Luís Luisa Luiz Lukas Lukasz Łukasz Luke Luna Lutz Luuk Lydia Lyn Lynn Maarten Mabel Maciej
Maddison Madeleine Madeline Mads Magdalena Maggie Magnus Mahesh Mahmoud Mai Maik Maisie Maja Malcolm Malgorzata Małgorzata Malik
Malin Mandy Manfred Manish Manoj Manon Manuel Manuela Mara Marc Marcel Marcela Marcella Marcelo Marcia Marcin Marco Marcos Marcus
Marek Margaret Margareta Margarita Margaux Margit Margot Margrit Maria María Mariam Marian Mariana Marianne Marie Mariella Marijke
Marina Mario Marion Marisa Marissa Mariusz Marjorie Marko Markus Marlene Marlon Marta Martha Martin Martín Martina Martine Marvin
Mary Maryam Masako Massimo Mateo Mateusz Mathias Mathieu Mathilde Matilda Matt Matteo Matthew Matthias Matthieu Mattias Maureen
Maurice Mauricio Maurizio Max Maxim Maxime Maximilian Maya Megan Mehdi Mehmet Mei Meike Melanie Melinda Melissa Melody Mercy Meredith
Mette Mia Michael Michaela Michal Michał Michel Michele Michelle Miguel Mika Mikael Mike Mikhail Mikkel Milan Mildred Milena Milica
Miloš Mina Ming Minh Mira Miranda Mireille Miriam Mirjam Mirko Miroslav Mitchell Miyuki Mohamed Mohammad Mohammed Mohan Moira Molly
Mona Monica Monika Monique Morgan Moritz Morten Moses Muhammad Mustafa Myriam Nadia Nadine Naomi Narendra Natalia Natalie Natascha
Natasha Nathalie Nathan Nathaniel Neha Neil Nelly Nelson Ngozi Nguyen Niall Niamh Nicholas Nick Nicky Nico Nicola Nicolai Nicolas
Nicole Nicoletta Niels Nigel Nikhil Niklas Niko Nikola Nikolai Nikolaos Nikolas Nils Nina Nisha Noah Noel Noelle Noémie Nora Norbert
Norma Norman Nuno Obinna Octavia Odette Ola Olaf Ole Oleg Olena Olga Oliver Olivia Olivier Omar Ondřej Oscar Oskar Osman Otto Owen
Pablo Paige Pamela Paola Paolo Parker Pascal Pascale Patrice Patricia Patrick Patrik Patrizia Patty Paul Paula Paulina Pauline Paulo
Pavel Paweł Pedro Peggy Penelope Penny Per Percy Perry Petar Pete Peter Petra Petros Phil Philip Philipp Philippa Philippe Phillip
Phoebe Phyllis Pia Pierre Piet Pieter Pietro Pilar Piotr Polly Prakash Pranav Prashant Preeti Priscilla Priya Priyanka Quentin Quinn
Rachael Rachel Radek Rafael Rafaela Rafał Rahul Raimund Rainer Raj Rajesh Ralf Ralph Ramesh Ramon Ramón Ramona Randall Randy Ranjit
Raphael Raquel Rashid Raul Raúl Ravi Raymond Rebecca Regina Reginald Reinhard Rekha Remi Rémi Renata Renate Renato René Rene Renee
Renée Ricardo Riccardo Richard Rick Ricky Rita Rob Robbie Robert Roberta Roberto Robin Robyn Rocio Rocío Rod Rodney Rodrigo Roger
Rohan Rohit Roland Rolf Roman Romain Ron Ronald Ronja Ronnie Rory Rosa Rosalie Rosalind Rosanna Rosario Roseanne Rosemary Rosie Ross
Roswitha Roxanne Roy Ruben Rubén Rudi Rudolf Rui Rupert Russell Ruth Ryan Sabina Sabine Sabrina Sadie Said Saira Sakura Sally Salma
Salman Salvador Salvatore Sam Samantha Samira Samuel Sandeep Sander Sandra Sandrine Sandy Sanjay Santiago Sara Sarah Saskia Satoshi
Savannah Scott Sean Seán Sebastian Sébastien Selena Selina Selma Serena Sergei Sergey Sergio Shane Shannon Shanti Sharon Shaun Shauna
Shawn Sheila Shelly Sheng Shinji Shirley Shreya Siddharth Sigrid Silas Silke Silvia Simon Simona Simone Sinead Sinéad Siobhan Siobhán
Slawomir Sofia Sofía Sofie Solveig Søren Sonia Sonja Sonya Sophia Sophie Soraya Stacey Stacy Stan Stanislav Stanley Stefan Stefania
Stefanie Stefano Steffen Steffi Stella Stephan Stephane Stéphane Stephanie Stéphanie Stephen Sterling Steve Steven Stewart Stuart Sue
Sunil Sunita Suresh Susan Susana Susanne Susie Suzanne Suzuki Sven Svenja Svetlana Sybille Sylvain Sylvia Sylvie Szymon Tabitha
Tadeusz Takashi Takeshi Tamar Tamara Tamika Tammy Tania Tanja Tanya Tara Tariq Tatiana Tatjana Ted Teodor Teresa Terence Terrence
Terry Tess Tessa Thaddeus Thea Theo Théo Theodor Theodore Theresa Thérèse Theresia Thi Thiago Thibault Thierry Thijs Thomas Thorsten
Tiago Tiffany Tim Timo Timothy Tina Tobias Todd Tom Tomas Tomás Tomasz Tomáš Tommaso Tommy Tomoko Toni Tony Torben Tore Torsten Tracey
Tracy Travis Trent Trevor Trisha Tristan Troy Trudy Tuan Tyler Tyrone Ulf Ulla Ulrich Ulrike Umar Ursula Uta Ute Uwe Valentin
Valentina Valeria Valerie Valérie Vanessa Vera Verena Vernon Veronica Veronika Véronique Vicente Vicky Víctor Vijay Vikram Viktor
Viktoria Vince Vincent Vincenzo Viola Virginie Vishal Vittoria Vivek Vivian Vivien Vivienne Vladimir Volker Walter Wanda Warren Wayne
Wei Wendy Werner Wesley Wilfried Wilhelm William Willem Wilma Winfried Winston Wojciech Wolfgang Xavier Ximena Xin Yann Yannick
Yasemin Yasmin Yelena Yevgeny Ying Yoko Yolanda Yosef Youssef Yuki Yuko Yuri Yusuf Yvette Yvonne Zachary Zainab Zara Zbigniew Zeynep
Zhang Zoe Zoé Zoltan Zoltán Zsofia Zuzana Aderonke Adaeze Akua Ama Amadou Aminata Amaka Babatunde Fatou Kofi Kwasi Lerato Mamadou
Nomsa Oluwaseun Sipho Tendai Thabo Thandi Themba Wanjiru Zanele Bao Duc Hoa Hung Lan Linh Mei-Ling Phuong Quang Thanh Trang Trung
Aarav Aditi Aditya Akash Ananya Anand Ankit Arnav Bharat Chetan Divya Ganesh Geeta Gopal Harish Jyoti Kavita Lalit Madhav Meena Meera
Mohit Mukesh Nandini Naresh Naveen Neeraj Nikita Nitin Padma Pallavi Pooja Pradeep Pramod Rajiv Rakesh Rohini Sachin Sameer Sangeeta
Shalini Shilpa Shivani Smita Sneha Subhash Sudhir Sumit Surya Swati Tanvi Uday Usha Varun Vidya Vinay Vinod Vivaan Yash Abbas Adel
Amal Amin Anwar Bashir Dalia Dina Fadi Faisal Fouad Ghada Habib Hadi Hala Hamid Hana Hani Hatem Huda Iman Jamal Jamila Kareem Latifa
Layth Lubna Maha Majid Mansour Marwan Mona Nabil Nadim Naima Nasser Noor Rami Rania Rasha Rima Saad Sahar Salim Samir Sami Sana Tarek
Walid Yara Yasser Zaid Zeinab Ziad
"""

GIVEN: frozenset[str] = frozenset(_NAMES.split())
